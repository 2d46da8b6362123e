"""The demonstration: a center and four terminals on one machine play a linked session, and are measured."""
