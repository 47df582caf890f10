"""The plots of a study, one file each; `gallery` lists them."""
