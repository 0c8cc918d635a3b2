"""What the apps take from here, as hongmoa's apps do. Secrets would be made empty by the build."""

CARD_COLOR = "#1DDB16"
"""Of the cards that `!카드` shows."""
LONGEST_LIST = 30
"""How many people take turns at most."""
