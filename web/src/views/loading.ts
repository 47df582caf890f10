import type { Translator } from '../i18n/translator';
import { areasOf, type ViewName } from './names';

/** What loads a view's script; its texts load beside it. */
const SCRIPTS: Record<ViewName, () => Promise<unknown>> = {
  tuning: () => import('./tuning/tuning-view'),
  pruning: () => import('./pruning/pruning-view'),
  quantization: () => import('./quantization/quantization-view'),
  comparison: () => import('./comparison/comparison-view'),
  jobs: () => import('./jobs/jobs-view'),
};

/** Loads a view; its element, `<persopt-NAME-view>`, is defined afterwards. */
export async function loadView(name: ViewName, translator: Translator): Promise<void> {
  await Promise.all([SCRIPTS[name](), translator.load(...areasOf(name))]);
}
