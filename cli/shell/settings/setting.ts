import path from 'node:path';
import type { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';

/**
 * What may be said once for all calls, instead of by an option of each. What decides which keys and signatures count is
 * taken from a file in the current folder only if the user's own file names that folder.
 */
export const SETTINGS = {
  trust: { variable: 'SIGNET_TRUST', decidesTrust: true },
  profile: { variable: 'SIGNET_PROFILE', decidesTrust: true },
  store: { variable: 'SIGNET_STORE', decidesTrust: true },
  output: { variable: 'SIGNET_OUTPUT', decidesTrust: false },
  timeout: { variable: 'SIGNET_TIMEOUT', decidesTrust: false },
} as const;

export type SettingName = keyof typeof SETTINGS;

/** A value and where it comes from. */
export interface Setting {
  readonly values: readonly string[];
  /** A variable, or a file and its line. */
  readonly from: string;
  /** Why it does not count although it comes first: a call that needs it ends with this. */
  readonly refusal?: ConfigurationError;
}

/** The settings of a call. */
export interface Settings {
  /** Undefined where neither the environment nor a file says it. @throws ConfigurationError for a fault of a file */
  readonly find: (name: SettingName) => Setting | undefined;
  /** Every value of a setting, the one that counts first. @throws ConfigurationError for a fault of a file */
  readonly list: (name: SettingName) => readonly Setting[];
  /** The files that were read. @throws ConfigurationError for a fault of a file */
  readonly files: () => readonly string[];
}

/** Names the user’s own file. */
export const FILE_VARIABLE = 'SIGNET_CONFIG';

/** The file that is read in the current folder. */
export const FOLDER_FILE = 'signet.yaml';

/** The user's own file; undefined where the environment names no home. */
export interface UserFile {
  readonly file: string | undefined;
  /** By SIGNET_CONFIG: it has to be there. */
  readonly isNamed: boolean;
}

/** Of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** As the XDG Base Directory Specification has it: a path that is not absolute is ignored. */
export function toUserFile(
  environment: Environment,
  system: Pick<typeof path, 'isAbsolute' | 'join' | 'resolve'> = path,
): UserFile {
  const { [FILE_VARIABLE]: named, XDG_CONFIG_HOME: given } = environment;
  if (named !== undefined && named !== '') return { file: system.resolve(named), isNamed: true };
  const home = toHome(environment, system);
  const folder = given !== undefined && system.isAbsolute(given) ? given : home && system.join(home, '.config');
  return { file: folder === undefined ? undefined : system.join(folder, 'signet', 'config.yaml'), isNamed: false };
}

/** The first that is an absolute path. */
export function toHome(
  { HOME, USERPROFILE }: Environment,
  system: Pick<typeof path, 'isAbsolute'> = path,
): string | undefined {
  return [HOME, USERPROFILE].find((folder) => folder !== undefined && system.isAbsolute(folder));
}

/** A path of a configuration file: below the home folder after `~/`, else from the folder of the file. */
export function resolvePath(
  named: string,
  file: string,
  home: string | undefined,
  system: Pick<typeof path, 'dirname' | 'join' | 'resolve' | 'sep'> = path,
): string {
  // Windows takes both separators; elsewhere a backslash is part of a name.
  const isAtHome = named.startsWith('~/') || named.startsWith(`~${system.sep}`);
  if (isAtHome && home !== undefined) return system.join(home, named.slice(2));
  return system.resolve(system.dirname(file), named);
}
