"""`python -m pgtune_cli` and the `pgtune` command."""

from pgtune_cli.cli.main import main

if __name__ == "__main__":
    main()
