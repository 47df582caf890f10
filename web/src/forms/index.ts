/** The parts that forms are put together from; importing this defines their elements. Their texts: area `forms`. */
import './data-sample';
import './dataset-picker';
import './fault-summary';
import './model-picker';
import './number-field';
import './output-field';
import './range-field';
import './schema-form';
import './slider-field';

export { checkNumber, checkOptions, type Complaint } from './check';
export type { DatasetPickerElement } from './dataset-picker';
export { entriesOf, FaultSummaryElement, type Entry } from './fault-summary';
export { faultsAt, focusField, isWithin, withoutFaults } from './faults';
export type { ModelPickerElement } from './model-picker';
export { type NumberFieldElement, tellComplaint } from './number-field';
export { suggestFolder } from './output';
export type { OutputFieldElement } from './output-field';
export { checkRange } from './range-check';
export type { RangeFieldElement } from './range-field';
export { type NumberRule, type OptionValue, readSchema, type Schema } from './schema';
export type { Options, SchemaFormElement } from './schema-form';
export type { SliderFieldElement } from './slider-field';
