// The one file that imports the package. Settings, replies of responders and operations of control are described with
// it.
export { z } from 'zod';
