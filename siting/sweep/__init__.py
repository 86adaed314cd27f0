"""Ask one study under many assumptions, and find the plan that stands in all of them."""
