typedef int model_empty;
