"""Learning with dopant networks: logic gates, features of images, controls through a surrogate."""
