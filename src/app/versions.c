/* What this executable is made of, as seen at run time. */
#include "app/versions.h"

#include "app/email.h"
#include "base/zip.h"
#include "device/crypto.h"
#include "device/transport_ssh2.h"
#include "model/profile_print.h"
#include "model/yaml.h"
#include "text/re.h"

#include <jansson.h>
#include <stdio.h>

void
versions_print(void)
{
	printf("netpush " NETPUSH_VERSION "\n");
	printf("libssh2 %s\n", ssh_library_version());
	printf("libcrypto %s\n", crypto_library_version());
	printf("libyaml %s\n", yaml_library_version());
	printf("libcyaml %s\n", profile_print_library_version());
	printf("PCRE2 %s\n", re_library_version());
	printf("jansson %s\n", jansson_version_str());
	printf("libcurl %s\n", email_library_version());
	printf("zlib %s\n", zip_library_version());
}
