"""Run the command line as ``python -m siting``."""

from siting.cli import app

if __name__ == "__main__":
    app(prog_name="siting")
