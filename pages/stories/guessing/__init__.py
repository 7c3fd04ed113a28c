"""“Can you predict it?”: a room guesses what a network says, without and with the map."""
