"""What draws in a notebook: magics, plots and panels. No logic lives here."""
