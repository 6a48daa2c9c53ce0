import { InputError } from '../../base/errors/input-error.ts';
import { type DockerReference, parseDockerReference } from '../../base/names/docker-reference.ts';

/** An image as skopeo's command line names it. */
export type ImageName =
  | { readonly transport: 'docker'; readonly reference: DockerReference }
  | { readonly transport: 'dir'; readonly path: string }
  | { readonly transport: 'oci'; readonly path: string; readonly name: string | undefined };

/** @throws InputError `ArgumentInvalid`, or what a reference is refused with */
export function parseImageName(text: string): ImageName {
  const colon = text.indexOf(':');
  const transport = text.slice(0, Math.max(colon, 0));
  const rest = text.slice(colon + 1);
  switch (transport) {
    case 'docker':
      if (!rest.startsWith('//')) throw invalid(text);
      return { transport, reference: parseDockerReference(rest.slice('//'.length)) };
    case 'dir':
      if (rest === '') throw invalid(text);
      return { transport, path: rest };
    case 'oci': {
      // The first colon ends the path, as for skopeo.
      const end = rest.indexOf(':');
      const path = end < 0 ? rest : rest.slice(0, end);
      const name = end < 0 ? '' : rest.slice(end + 1);
      if (path === '') throw invalid(text);
      return { transport, path, name: name === '' ? undefined : name };
    }
    default:
      throw invalid(text);
  }
}

function invalid(text: string): InputError {
  const shown = JSON.stringify(text.length > 160 ? `${text.slice(0, 160)}…` : text);
  return new InputError('ArgumentInvalid', `${shown} is not docker://REFERENCE, dir:PATH or oci:PATH[:NAME]`);
}
