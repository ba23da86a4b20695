"""What brings maxwatt onto machines, and the mini cluster it is tested on."""
