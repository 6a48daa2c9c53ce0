import { readFileSync } from 'node:fs';
import process from 'node:process';

/**
 * The most memory that this process ever held, in bytes. `maxRSS` is no answer on Linux: it counts what the process held
 * that started this one, up to the moment of exec (getrusage(2) goes by the process, /proc by its memory).
 */
export function readPeakMemory(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  if (kibibytes === undefined) throw new Error('/proc/self/status has no VmHWM');
  return Number(kibibytes) * 1024;
}
