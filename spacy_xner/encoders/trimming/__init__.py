"""An encoder without the word pieces that some texts and languages do not need: `xner encoder trim`."""
