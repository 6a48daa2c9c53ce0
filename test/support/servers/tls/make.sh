#!/bin/sh
# Makes the test authority and the test server's certificate, valid for 100 years. The authority's key is thrown away.
set -eu
cd "$(dirname "$0")"
umask 077
trap 'rm -f ca-key.pem ca.srl server.csr extensions.cnf' EXIT
openssl ecparam -name prime256v1 -genkey -noout -out ca-key.pem
openssl req -x509 -new -key ca-key.pem -sha256 -days 36500 -subj '/CN=Signet test authority' \
  -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' -out ca.pem
openssl ecparam -name prime256v1 -genkey -noout -out server-key.pem
openssl req -new -key server-key.pem -sha256 -subj '/CN=store.test' -out server.csr
printf '%s\n' 'basicConstraints=critical,CA:FALSE' 'extendedKeyUsage=serverAuth' \
  'subjectAltName=DNS:store.test,DNS:localhost,IP:127.0.0.1,IP:::1' >extensions.cnf
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -sha256 -days 36500 \
  -extfile extensions.cnf -out server.pem
chmod 644 ./*.pem
