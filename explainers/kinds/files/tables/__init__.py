"""What files of tables hold besides plain cells: headers, and numbers as people write them."""
