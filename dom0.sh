wait_guest the-word 20
