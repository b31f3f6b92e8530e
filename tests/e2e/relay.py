"""A wire with a mind of its own between a client and a server: it cuts or
falls silent after so many bytes of one direction, or delays all of them."""

import select
import socket
import threading
import time


class Relay:
    """Listens on `port` and passes on to TO. UP and DOWN (bytes of one
    connection, to and from the server) say after how many the wire ends, or
    with SILENT stops. DELAY: seconds for each direction."""

    def __init__(self, to, up=None, down=None, silent=False, delay=0):
        self.to, self.limits = to, (up, down)
        self.silent, self.delay = silent, delay
        self.passed = [0, 0]  # bytes of the last connection, up and down
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.over, self.stop = socket.socketpair()
        self.threads = []
        self._spawn(self._accept)

    def _spawn(self, target, *args):
        thread = threading.Thread(target=target, args=args)
        thread.start()
        self.threads.append(thread)

    def close(self):
        self.stop.close()
        for thread in self.threads:
            thread.join()
        self.listener.close()
        self.over.close()

    def _accept(self):
        while True:
            ready, _, _ = select.select([self.listener, self.over], [], [])
            if self.over in ready:
                return
            client, _ = self.listener.accept()
            self.passed = [0, 0]
            server = socket.create_connection(("127.0.0.1", self.to))
            self._spawn(self._carry, client, server)

    def _carry(self, client, server):
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pairs = {client: (server, 0), server: (client, 1)}
        waiting = {client: [], server: []}  # (when, bytes) for that end
        sources = {client, server}
        silent = False
        try:
            while sources or any(waiting.values()):
                now = time.monotonic()
                due = [queue[0][0] for queue in waiting.values() if queue]
                writable = [end for end, queue in waiting.items()
                            if queue and queue[0][0] <= now]
                held = {end for end in sources if len(waiting[
                    pairs[end][0]]) > 4096}
                patience = max(0, min(due) - now) if due else None
                read, write, _ = select.select(
                    [self.over] + list(sources - held), writable, [],
                    patience)
                if self.over in read:
                    return
                for end in read:
                    other, way = pairs[end]
                    data = end.recv(65536)
                    if not data:
                        sources.discard(end)
                        waiting[other].append((now + self.delay, None))
                        continue
                    limit = self.limits[way]
                    if limit is not None:
                        data = data[:max(0, limit - self.passed[way])]
                    self.passed[way] += len(data)
                    if silent:
                        continue
                    if data:
                        waiting[other].append((now + self.delay, data))
                    if limit is not None and self.passed[way] >= limit:
                        if not self.silent:
                            self._last(waiting)
                            return
                        silent = True
                for end in write:
                    when, data = waiting[end].pop(0)
                    if data is None:
                        end.shutdown(socket.SHUT_WR)
                        continue
                    end.setblocking(False)
                    sent = end.send(data)
                    end.setblocking(True)
                    if sent < len(data):
                        waiting[end].insert(0, (when, data[sent:]))
        except OSError:
            pass  # one of them has gone
        finally:
            client.close()
            server.close()

    @staticmethod
    def _last(waiting):
        """What came before the cut still arrives."""
        for end, queue in waiting.items():
            for _, data in queue:
                if data:
                    end.settimeout(1)
                    end.sendall(data)
