# What looks at the code: formatters, static analysers, and the headers that a compile database needs.
# Built by buildsteps/in-toolchain --target lint.
FROM debian:trixie-slim AS tidy-plugin
ARG APT_SOURCES=""
ENV DEBIAN_FRONTEND=noninteractive
COPY setup-apt tidy_own_code.cpp /opt/uebo/
RUN set -eu; \
    /opt/uebo/setup-apt "$APT_SOURCES"; \
    apt-get update; \
    apt-get install -y --no-install-recommends g++-14 libc6-dev libclang-19-dev llvm-19-dev; \
    g++-14 -std=c++17 -O1 -fno-rtti -fPIC -shared -I/usr/lib/llvm-19/include /opt/uebo/tidy_own_code.cpp \
      -o /opt/uebo/tidy_own_code.so

FROM debian:trixie-slim AS lint
ARG APT_SOURCES=""
ENV DEBIAN_FRONTEND=noninteractive
COPY setup-apt /opt/uebo/
RUN set -eu; \
    /opt/uebo/setup-apt "$APT_SOURCES"; \
    apt-get update; \
    apt-get install -y clang-format-19 clang-tidy-19 cppcheck shellcheck g++-14 cmake ninja-build pkgconf ccache git python3 python3-pytest mypy \
      libmount-dev libblkid-dev libkmod-dev libspdlog-dev libfmt-dev nlohmann-json3-dev libcli11-dev libmd-dev \
      libgtest-dev libgmock-dev libpugixml-dev libcpp-httplib-dev libssl-dev libbrotli-dev zlib1g-dev libcurl4-openssl-dev; \
    for tool in clang-format clang-tidy run-clang-tidy; do ln -s "/usr/bin/$tool-19" "/usr/local/bin/$tool"; done; \
    ln -s g++-14 /usr/bin/g++; ln -s g++-14 /usr/bin/c++; \
    apt-get clean
COPY --from=tidy-plugin /opt/uebo/tidy_own_code.so /opt/uebo/
