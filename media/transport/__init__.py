"""The encrypted paths packets travel: ICE, DTLS and SRTP for a terminal, and the hub's one UDP port for all of them."""
