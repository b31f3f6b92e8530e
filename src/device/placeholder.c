typedef int device_empty;
