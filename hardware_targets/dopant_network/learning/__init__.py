"""What a dopant network learns: logic gates, features of images, controls through a surrogate."""
