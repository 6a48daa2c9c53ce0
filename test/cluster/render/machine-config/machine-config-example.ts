import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What the OpenShift documentation ("Container image signatures") has people write by hand. */
export const KEY_PATH = '/etc/pki/rpm-gpg/RPM-GPG-KEY-redhat-release';
/** Stands for the key, which is not shipped. */
export const KEY_TEXT = readKey('rsa2048');

export const POLICY_TEXT = `${JSON.stringify(
  {
    default: [{ type: 'insecureAcceptAnything' }],
    transports: {
      docker: {
        'registry.access.redhat.com': [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: KEY_PATH }],
        'registry.redhat.io': [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: KEY_PATH }],
      },
      'docker-daemon': { '': [{ type: 'insecureAcceptAnything' }] },
    },
  },
  null,
  2,
)}\n`;

export const REGISTRIES_D: Readonly<Record<string, string>> = {
  'registry.access.redhat.com.yaml': toDocument(
    'registry.access.redhat.com',
    'https://access.redhat.com/webassets/docker/content/sigstore',
  ),
  'registry.redhat.io.yaml': toDocument('registry.redhat.io', 'https://registry.redhat.io/containers/sigstore'),
};

export function documentedFiles() {
  return {
    policy: Buffer.from(POLICY_TEXT),
    registriesD: Object.entries(REGISTRIES_D).map(([name, text]) => ({ name, bytes: Buffer.from(text) })),
    keys: new Map([[KEY_PATH, Buffer.from(KEY_TEXT)]]),
  };
}

function toDocument(registry: string, url: string): string {
  return `docker:\n     ${registry}:\n         sigstore: ${url}\n`;
}

/** A key file among the fixtures. */
export function readKey(name: string): string {
  return readFileSync(path.join(import.meta.dirname, `../../../fixtures/openpgp/keys/${name}.asc`), 'utf8');
}
