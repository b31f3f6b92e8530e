typedef int run_empty;
