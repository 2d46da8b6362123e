"""Who a device is and how it proves it: keys, enrolment, signed requests, the center's own authority, and PINs."""
