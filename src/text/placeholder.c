typedef int text_empty;
