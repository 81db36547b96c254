#!/usr/bin/env bash
# Makes src/io/parquet/zstd.wasm anew: the library of Zstandard, compiled for speed. Needs Debian's clang, lld, wasi-libc and
# libclang-rt-dev-wasm32, and Python with pip. The source is the one file that the package `zstandard` of PyPI ships.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m pip download -q --no-deps --no-binary zstandard zstandard==0.25.0
echo "7713e1179d162cf5c7906da876ec2ccb9c3a9dcbdffef0cc7f70c3667a205f0b  zstandard-0.25.0.tar.gz" | sha256sum --check --quiet
tar -xzf zstandard-0.25.0.tar.gz --strip-components=1
# Threads are not there in WebAssembly.
sed -i 's/^#define ZSTD_MULTITHREAD.*$//' zstd/zstd.c
exported=(malloc free ZSTD_createCCtx ZSTD_compressBound ZSTD_compressCCtx ZSTD_createDCtx ZSTD_decompressDCtx ZSTD_isError)
clang --target=wasm32-wasi --sysroot=/ -nostdlibinc -isystem /usr/include/wasm32-wasi -L/usr/lib/wasm32-wasi \
  -O2 -DNDEBUG -mbulk-memory -mexec-model=reactor -w -o zstd.wasm zstd/zstd.c \
  -Wl,--strip-all "${exported[@]/#/-Wl,--export=}"
mv zstd.wasm "$here/../../src/io/parquet/zstd.wasm"
cp zstd/LICENSE "$here/LICENSE"
