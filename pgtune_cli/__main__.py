"""`python -m pgtune_cli` and the `pgtune` command."""


def main() -> None:
    """Run the command line."""
    try:
        from pgtune_cli.cli.main import main as run
    except KeyboardInterrupt:  # before there is anybody to tell it
        raise SystemExit(130) from None
    run()


if __name__ == "__main__":
    main()
