import { defineTask } from '../../engine/task.ts'

type Photo = { name: string; width: number; height: number }

/** The photo is smaller than what is asked for. */
class TooSmall extends Error {}

/** The name and size of a smaller copy. */
export default defineTask<{ photo: Photo; width: number }, Photo>(({ photo, width }) => {
  if (photo.width < width) throw new TooSmall(`${photo.name} has ${photo.width} pixels, ${width} are wanted`)
  return {
    name: photo.name.replace(/(\.\w+)?$/, `-${width}$1`),
    width,
    height: Math.round((photo.height * width) / photo.width),
  }
})
