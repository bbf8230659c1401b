# The compiler that knows libFuzzer, and the headers that the rooms need. Clang before 19 can't compile std::expected
# with libstdc++. Built by buildsteps/in-toolchain --target fuzz.
FROM debian:trixie-slim AS fuzz
ARG APT_SOURCES=""
ENV DEBIAN_FRONTEND=noninteractive
COPY setup-apt /opt/uebo/
RUN set -eu; \
    /opt/uebo/setup-apt "$APT_SOURCES"; \
    apt-get update; \
    apt-get install -y clang-19 libclang-rt-19-dev llvm-19 libstdc++-14-dev cmake ninja-build pkgconf ccache \
      libmount-dev libblkid-dev libkmod-dev libspdlog-dev libfmt-dev nlohmann-json3-dev libcli11-dev libmd-dev \
      libpugixml-dev libcpp-httplib-dev libssl-dev libbrotli-dev zlib1g-dev libcurl4-openssl-dev; \
    apt-get clean
ENV CC=clang-19 CXX=clang++-19
