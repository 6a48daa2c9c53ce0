#!/bin/sh
# Installs versitygw, the S3 server of the object store tests, outside the repository: into $SIGNET_TEST_TOOLS, or
# ~/.cache/signet-test. Needs Go 1.25 or later. Does nothing when this version is there already.
set -eu

version=v1.8.0
directory="${SIGNET_TEST_TOOLS:-$HOME/.cache/signet-test}/versitygw-$version"

if [ -x "$directory/versitygw" ]; then
  echo "versitygw $version is installed in $directory"
  exit 0
fi
mkdir -p "$directory"
GOBIN="$directory" CGO_ENABLED=0 GOFLAGS=-mod=mod \
  go install -trimpath -ldflags='-s -w' "github.com/versity/versitygw/cmd/versitygw@$version"
echo "installed versitygw $version in $directory"
