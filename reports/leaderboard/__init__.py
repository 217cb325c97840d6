"""A leaderboard: its entries, their ranks and its pages."""
