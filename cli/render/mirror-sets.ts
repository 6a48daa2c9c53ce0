import { type ManifestFormat, toManifestText } from '../../lib/base/documents/manifest-text.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import type { Repository } from '../../lib/base/names/reference.ts';
import {
  builtInComponents,
  type MirrorSetKind,
  type MirrorSourcePolicy,
  parseMirrorRepository,
  toMirrorSet,
  toMirrorSetName,
} from '../../lib/cluster/render/mirror-sets.ts';
import { builtInProfile } from '../../lib/trust/prepared/profiles.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RenderMirrorSetsOptions {
  readonly profile: string;
  readonly release: readonly string[];
  readonly component: readonly string[];
  readonly mirror: readonly string[];
  readonly componentMirror: readonly string[];
  readonly mirrorSourcePolicy?: MirrorSourcePolicy;
  readonly kind: MirrorSetKind;
  readonly name?: string;
  readonly output: ManifestFormat;
}

/** @returns the exit status */
export function renderMirrorSets(options: RenderMirrorSetsOptions): number {
  const { profile, kind, mirrorSourcePolicy } = options;
  const manifest = toMirrorSet({
    kind,
    name: options.name ?? toMirrorSetName(profile),
    // With --release, the components of the built-in profile do not apply.
    releases: options.release.length === 0 ? builtInReleases(profile) : parseAll('--release', options.release),
    components:
      options.release.length + options.component.length === 0
        ? builtInComponents(profile)
        : parseAll('--component', options.component),
    mirrors: parseAll('--mirror', options.mirror),
    componentMirrors: parseAll('--component-mirror', options.componentMirror),
    sourcePolicy: mirrorSourcePolicy,
  });
  process.stdout.write(toManifestText(manifest, options.output));
  return ExitStatus.done;
}

function builtInReleases(profile: string): readonly Repository[] {
  const builtIn = builtInProfile(profile);
  if (builtIn !== undefined) return builtIn.canonicalRepositories;
  const shown = JSON.stringify(profile);
  throw new InputError('ProfileUnknown', `the profile ${shown} is not built in: name its repositories with --release`);
}

function parseAll(option: string, texts: readonly string[]): readonly Repository[] {
  try {
    return texts.map(parseMirrorRepository);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError(cause.code, `${option}: ${cause.message}`, { cause });
  }
}
