import { afterEach, describe, expect, test, vi } from 'vitest';
import { showTrust } from '../../cli/commands/trust-show.ts';
import { printResult, toPrintable } from '../../cli/output.ts';
