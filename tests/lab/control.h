/* The control socket: one JSON request a line, one JSON answer a line. */
#ifndef LAB_CONTROL_H
#define LAB_CONTROL_H

#include "lab.h"

/* Listens on control.sock in the lab's directory. */
int control_start(const struct lab *lab, struct err *err);
void control_stop(void);

#endif
