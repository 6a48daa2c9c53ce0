import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** PEM files of a certificate and its private key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** Makes an authority by openssl. @param extensions such as `nameConstraints=critical,permitted;DNS:example.com` */
export async function makeAuthority(
  folder: string,
  name: string,
  extensions: readonly string[] = [],
): Promise<CertificateFiles> {
  const files = toFiles(folder, name);
  const added = extensions.flatMap((one) => ['-addext', one]);
  const to = ['-keyout', files.key, '-out', files.cert, '-subj', `/CN=${name}`];
  await run('openssl', ['req', '-x509', ...KEY, ...to, ...added]);
  return files;
}

/** Has an authority issue a certificate, for a server and for a client. @param names DNS names and IP addresses */
export async function issueCertificate(
  folder: string,
  authority: CertificateFiles,
  {
    file,
    commonName,
    names,
  }: { readonly file: string; readonly commonName: string; readonly names: readonly string[] },
): Promise<CertificateFiles> {
  const files = toFiles(folder, file);
  const alternatives = names.map((name) => (/^[0-9.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`));
  const extensions = [
    ...(names.length === 0 ? [] : [`subjectAltName=${alternatives.join(',')}`]),
    'extendedKeyUsage=serverAuth,clientAuth',
    'basicConstraints=critical,CA:FALSE',
  ].flatMap((one) => ['-addext', one]);
  const by = ['-CA', authority.cert, '-CAkey', authority.key, '-subj', `/CN=${commonName}`];
  await run('openssl', ['req', '-x509', ...KEY, ...by, '-keyout', files.key, '-out', files.cert, ...extensions]);
  return files;
}

function toFiles(folder: string, name: string): CertificateFiles {
  return { cert: path.join(folder, `${name}.pem`), key: path.join(folder, `${name}-key.pem`) };
}
