"""The twenty bAbI question-answering tasks (Weston et al. 2015): reader, generator, solver, arrays."""
