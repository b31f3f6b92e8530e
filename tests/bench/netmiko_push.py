"""The access list by netmiko, as the script does that netpush replaces: one
pool of processes, each device with its own connection, the list deleted in
one configuration session and built again in a second, then shown; results in
the order of the list, the connection left to the end of the process.

    netmiko_push.py < {"threads", "port", "username", "password", "acl_name",
                       "acl_lines": [...], "device_list":
                       [{"host", "device_type"}, ...]}

Prints how many devices were done. Written for netmiko 2.4.2 (Debian 12); it
is a yardstick for the bench and no part of netpush.
"""

import json
import sys
from multiprocessing import Pool

from netmiko import ConnectHandler

HEADERS = {"cisco_ios": "ip access-list extended %s",
           "cisco_nxos": "ip access-list %s"}


def push(task):
    device, job = task
    header = HEADERS[device["device_type"]] % job["acl_name"]
    try:
        session = ConnectHandler(
            host=device["host"], device_type=device["device_type"],
            port=job["port"], username=job["username"],
            password=job["password"])
        session.send_config_set(["no " + header])
        session.send_config_set([header] + job["acl_lines"])
        return session.send_command("show ip access-list "
                                    + job["acl_name"])
    except Exception as problem:  # what the script reports, it reports as text
        return problem


def main():
    job = json.load(sys.stdin)
    with Pool(job["threads"]) as pool:
        results = pool.map(
            push, [(device, job) for device in job["device_list"]])
    good = sum(isinstance(result, str) and bool(result) for result in results)
    for result in results:
        if not isinstance(result, str):
            print(result, file=sys.stderr)
            break
    print(good)
    return 0 if good == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
