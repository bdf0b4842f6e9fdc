"""The parts that every emulated service is made of."""
