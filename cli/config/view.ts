import { toShownPlace } from '../../lib/platform/http/http-url.ts';
import type { OutputOptions } from '../shell/options.ts';
import { formatTable, printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { SETTINGS, type Setting, type SettingName } from '../shell/settings/setting.ts';
import { loadSettings } from '../shell/settings/settings.ts';

export type ConfigViewOptions = OutputOptions;

/** A value, and whether it counts. */
interface ShownSetting {
  readonly setting: SettingName;
  readonly values: readonly string[];
  readonly from: string;
  /** `refused`: it comes first, and a call that needs it ends with the fault. */
  readonly state: 'used' | 'overridden' | 'refused';
  readonly fault?: string;
}

interface ShownSettings {
  readonly settings: readonly ShownSetting[];
  readonly files: readonly string[];
}

/** @returns the exit status: 2 when a setting is refused, so that a script sees it before a call does */
export async function viewConfig({ output }: ConfigViewOptions): Promise<number> {
  const settings = await loadSettings(process.env, process.cwd());
  const names = Object.keys(SETTINGS) as SettingName[];
  const shown = names.flatMap((name) => settings.list(name).map((one, at) => toShown(name, one, at === 0)));
  printResult<ShownSettings>(output, { settings: shown, files: settings.files() }, formatSettings);
  return shown.some(({ state }) => state === 'refused') ? ExitStatus.usage : ExitStatus.done;
}

function toShown(setting: SettingName, { values, from, refusal }: Setting, isFirst: boolean): ShownSetting {
  const state = refusal !== undefined && isFirst ? 'refused' : isFirst ? 'used' : 'overridden';
  return {
    setting,
    values: values.map(toShownPlace),
    from,
    state,
    ...(state === 'refused' ? { fault: refusal?.message ?? '' } : {}),
  };
}

function formatSettings({ settings, files }: ShownSettings): string {
  const rows = settings.map(({ setting, values, from, state }) => [setting, values.join(' '), from, state]);
  return [
    ...(rows.length === 0 ? ['nothing is set'] : formatTable([['SETTING', 'VALUE', 'FROM', 'STATE'], ...rows])),
    ...settings.flatMap(({ fault }) => (fault === undefined ? [] : [`refused: ${fault}`])),
    `files read: ${files.length === 0 ? 'none' : files.join(', ')}`,
  ].join('\n');
}
