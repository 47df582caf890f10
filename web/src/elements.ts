/** What another page imports: it defines `<persopt-studio>` and `<persopt-jobs>`. */
export { JobsRootElement } from './shell/jobs';
export { StudioRootElement } from './shell/studio';
