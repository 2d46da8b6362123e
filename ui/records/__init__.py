"""纪要 on the screen: the agenda tree, the page of blocks, the opinions."""
