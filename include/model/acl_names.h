/*
 * The names that routers have for numbers in access lists. Only pairs that
 * are beyond doubt stand here (IANA's registries, RFC 2474, RFC 791, and the
 * command references of IOS and NX-OS where these invented a name): a name
 * that is missing costs a false difference, a wrong one a false equality.
 */
#ifndef NETPUSH_MODEL_ACL_NAMES_H
#define NETPUSH_MODEL_ACL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Each takes a name in any case or a decimal number in range; -1: neither. */
int acl_protocol_get(const char *word, bool ipv6);
int acl_port_get(const char *word, int protocol);
int acl_dscp_get(const char *word);
int acl_precedence_get(const char *word);
int acl_tos_get(const char *word);

/* The name of a protocol in normal forms, NULL if it has none there. */
const char *acl_protocol_name(int protocol);

/* A name of an ICMP type: its numbers as text ("8", "3 1"), or NULL. */
const char *acl_icmp_get(const char *word);

/* The same of Junos, which has its own names, some for other numbers. */
int acl_junos_protocol_get(const char *word);
int acl_junos_port_get(const char *word);
int acl_junos_icmp_get(const char *word);

/* A plain decimal number in 0..MAX, else -1. */
int acl_number_get(const char *word, int max);

#endif
