import { randomBytes } from 'node:crypto';

/** The places of openshift-install as openshift/installer builds them (pkg/version, pkg/asset/releaseimage). */
const PLACES = {
  version: `\0_RELEASE_VERSION_LOCATION_\0${'X'.repeat(64)}\0`,
  architecture: `\0_RELEASE_ARCHITECTURE_LOCATION_\0${'X'.repeat(64)}\0`,
  image: `\0_RELEASE_IMAGE_LOCATION_\0${'X'.repeat(300)}\0`,
} as const;

export const IMAGE = Buffer.from(PLACES.image);

/** As `oc adm release extract` does: the value and a NUL over the start of the place, the rest as it was. */
export function write(place: keyof typeof PLACES, value: string | undefined): Buffer {
  const bytes = Buffer.from(PLACES[place]);
  if (value !== undefined) bytes.write(`${value}\0`, 'latin1');
  return bytes;
}

/** What is like an installer to whoever reads it: code, strings without an end, the places, more code. */
export function makeInstaller(
  values: Readonly<Partial<Record<keyof typeof PLACES, string>>>,
  codeBytes = 100_000,
): Buffer {
  const strings = 'runtime: bad pointerhttps://quay.io\0_RELEASE_IMAGE_LOCATION_\0XXXXXXXXXXXXXXXXXXXX\0'.repeat(3);
  return Buffer.concat([
    Buffer.from('\x7fELF', 'latin1'),
    randomBytes(codeBytes),
    Buffer.from(strings),
    write('version', values.version),
    write('architecture', values.architecture),
    Buffer.from('compress: unknown'.repeat(30)),
    write('image', values.image),
    Buffer.from('reflect: call of '),
    randomBytes(codeBytes),
  ]);
}
