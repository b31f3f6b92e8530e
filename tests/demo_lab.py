"""The devices of ./demo.sh: what the simulator starts with, and what it had
when it ended, so that a second demo finds what the first one left.

    demo_lab.py config PLAYBOOK STATE   prints the lab's configuration (JSON)
    demo_lab.py save LAB STATE          keeps each device's configuration
"""

import json
import os
import re
import socket
import sys

# What stands on the devices before the first push: an older list, and the
# interface that it guards (not our way in: that would be refused).
FIRST = {
    "cisco_ios":
        "interface GigabitEthernet0/1\n"
        " ip access-group LOCK_IT_DOWN out\n"
        "!\n"
        "ip access-list extended LOCK_IT_DOWN\n"
        " remark Utility Server A\n"
        " permit ip host 192.168.1.100 any\n"
        " permit ip any any\n"
        "!\n",
    "cisco_nxos":
        "ip access-list LOCK_IT_DOWN\n"
        "  10 remark Utility Server A\n"
        "  20 permit ip host 192.168.1.100 any\n"
        "  30 permit ip any any\n",
}


def devices(playbook):
    """Hostnames and types, in the playbook's order. Not a YAML reader: the
    playbook is ours, and netpush has judged it by then."""
    with open(playbook, encoding="utf-8") as file:
        return re.findall(r"^ *- hostname: (\S+)\n *device_type: (\S+)$",
                          file.read(), re.MULTILINE)


def startup(state, hostname, device_type):
    try:
        with open(os.path.join(state, hostname + ".cfg"),
                  encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return FIRST[device_type]


def config(playbook, state):
    print(json.dumps({"devices": [
        {"hostname": hostname, "type": device_type,
         "startup": startup(state, hostname, device_type)}
        for hostname, device_type in devices(playbook)]}, indent=1))


def ask(lab, request):
    """One request to the lab's control socket, one answer."""
    # By way of /proc: a socket's address holds only 108 bytes.
    directory = os.open(lab, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect("/proc/self/fd/%d/control.sock" % directory)
            link.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(link.makefile(encoding="utf-8").readline())
    finally:
        os.close(directory)
    if not answer.get("ok"):
        raise SystemExit("netpush-lab: %s" % answer.get("error"))
    return answer


def save(lab, state):
    os.makedirs(state, exist_ok=True)
    for hostname in ask(lab, {"do": "stats"})["devices"]:
        answer = ask(lab, {"do": "state", "device": hostname})
        path = os.path.join(state, hostname + ".cfg")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(answer["running"])
        os.replace(path + ".new", path)


if __name__ == "__main__":
    {"config": config, "save": save}[sys.argv[1]](*sys.argv[2:])
