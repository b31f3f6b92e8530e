/* Encoder and decoder, side by side. */
#include "base/base64.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdint.h>
#include <string.h>

static const char letters
    [] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *
base64_put(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	char *text = xmalloc((len + 2) / 3 * 4 + 1), *out = text;
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t group = (uint32_t)bytes[i] << 16;
		if (left > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (left > 2)
			group |= bytes[i + 2];
		*out++ = letters[group >> 18];
		*out++ = letters[group >> 12 & 63];
		*out++ = left > 1 ? letters[group >> 6 & 63] : '=';
		*out++ = left > 2 ? letters[group & 63] : '=';
	}
	*out = '\0';
	return text;
}

bool
base64_get(const char *text, struct buf *out)
{
	size_t len = strlen(text);
	if (len % 4)
		return false;
	for (size_t i = 0; i < len; i += 4) {
		size_t pad = 0;
		uint32_t group = 0;
		for (size_t j = 0; j < 4; j++) {
			char c = text[i + j];
			const char *at = c ? strchr(letters, c) : NULL;
			if (c == '=' && i + 4 == len && j >= 2)
				pad++;
			else if (!at || pad)
				return false;
			group = group << 6 |
			    (uint32_t)(at && c != '=' ? at - letters : 0);
		}
		char bytes[3] = { (char)(group >> 16), (char)(group >> 8),
			(char)group };
		/* RFC 4648, section 3.5: bits that no byte takes are 0. */
		if ((pad == 1 && bytes[2]) || (pad == 2 && bytes[1]))
			return false;
		if (!buf_add(out, bytes, 3 - pad))
			return false;
	}
	return true;
}
