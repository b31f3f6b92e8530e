# Two stages: the first holds the compiler and the headers, the second what
# the executable needs to run, and nothing else.
FROM debian:12 AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
	cmake gcc libc6-dev libcurl4-openssl-dev libcyaml-dev libjansson-dev \
	libpcre2-dev libssh2-1-dev libssl-dev libyaml-dev ninja-build \
	pkg-config zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake --preset release -B /build -DNETPUSH_TESTS=OFF \
	-DCMAKE_INSTALL_PREFIX=/usr \
 && cmake --build /build \
 && DESTDIR=/image cmake --install /build --strip

FROM debian:12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
	ca-certificates libcurl4 libcyaml1 libjansson4 libpcre2-8-0 libssh2-1 \
	libssl3 libyaml-0-2 openssh-client tzdata zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --shell /usr/sbin/nologin netpush
COPY --from=build /image /
USER netpush
# Jobs are mounted here; what is kept of the runs is under the home directory
# (~/.local/state/netpush, ~/.ssh/known_hosts): mount that too to keep it.
WORKDIR /work
ENTRYPOINT ["netpush"]
