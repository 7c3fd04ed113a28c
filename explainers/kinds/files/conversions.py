"""Files that are not read here, by how they are named, and how to convert them."""

from __future__ import annotations

from collections.abc import Sequence

from explainers.errors import Problem

_SHEET = "Open it in a spreadsheet program and save it as .xlsx or CSV."
_UNPACK = "Unpack it and upload the file that is in it."
_FRAME = "In Python: pandas.{}.to_csv('own.csv', index=False)."
_PANDAS = _FRAME.format("{}('{}')")
_BIOPYTHON = "In Python with Biopython: Bio.SeqIO.convert('{}', '{}', 'own.fa', 'fasta')."
_SAVE = "In Python: numpy.save('own.npy', {})."
_R = "In R: write.csv({}, 'own.csv', row.names = FALSE)."

_ALL = {
    ".zip": _UNPACK,
    ".7z": _UNPACK,
    ".rar": _UNPACK,
    ".tar": _UNPACK,
    ".tgz": _UNPACK,
    ".bz2": _UNPACK,
    ".xz": _UNPACK,
    ".zst": _UNPACK,
    ".pkl": "A pickle can run programs, so none is read. Save what is in it as text.",
    ".pickle": "A pickle can run programs, so none is read. Save what is in it as text.",
    ".mat": _SAVE.format("scipy.io.loadmat('own.mat')[name]"),
    ".h5": _SAVE.format("h5py.File('own.h5')[name][()]"),
    ".hdf5": _SAVE.format("h5py.File('own.hdf5')[name][()]"),
    ".nc": _SAVE.format("xarray.open_dataset('own.nc')[name].values"),
    ".pt": _SAVE.format("torch.load('own.pt', weights_only=True).numpy()"),
    ".rds": _R.format("readRDS('own.rds')"),
    ".rda": _R.format("{load('own.rda'); name}"),
    ".rdata": _R.format("{load('own.RData'); name}"),
    ".json": _PANDAS.format("read_json", "own.json"),
    ".jsonl": _FRAME.format("read_json('own.jsonl', lines=True)"),
    ".xml": _PANDAS.format("read_xml", "own.xml"),
    ".dta": _PANDAS.format("read_stata", "own.dta"),
    ".sav": _PANDAS.format("read_spss", "own.sav"),
    ".sas7bdat": _PANDAS.format("read_sas", "own.sas7bdat"),
    ".orc": _PANDAS.format("read_orc", "own.orc"),
    ".xls": _SHEET,
    ".xlsm": _SHEET,
    ".xlsb": _SHEET,
    ".ods": _SHEET,
    ".numbers": _SHEET,
    ".docx": "Copy the table into a spreadsheet program and save it as CSV.",
    ".pdf": "Copy the table into a spreadsheet program and save it as CSV.",
}
_OF_KIND: dict[str, dict[str, str]] = {
    "A table": {
        ".mat": _FRAME.format("DataFrame(scipy.io.loadmat('own.mat')[name])"),
        ".h5": _FRAME.format("read_hdf('own.h5')"),
        ".hdf5": _FRAME.format("read_hdf('own.hdf5')"),
        ".nc": "In Python: xarray.open_dataset('own.nc').to_dataframe().to_csv('own.csv').",
        ".pt": _FRAME.format("DataFrame(torch.load('own.pt', weights_only=True).numpy())"),
        ".npy": _FRAME.format("DataFrame(numpy.load('own.npy'))"),
        ".npz": _FRAME.format("DataFrame(numpy.load('own.npz')[name])"),
        ".arff": _FRAME.format("DataFrame(scipy.io.arff.loadarff('own.arff')[0])"),
    },
    "Time series": {
        ".xlsx": "Save the sheet as CSV.",
        ".parquet": _PANDAS.format("read_parquet", "own.parquet"),
        ".feather": _PANDAS.format("read_feather", "own.feather"),
        ".edf": _SAVE.format("mne.io.read_raw_edf('own.edf').get_data().T"),
        ".wav": _SAVE.format("scipy.io.wavfile.read('own.wav')[1].reshape(1, -1, 1)"),
    },
    "DNA": {
        ".gb": _BIOPYTHON.format("own.gb", "genbank"),
        ".gbk": _BIOPYTHON.format("own.gbk", "genbank"),
        ".gbff": _BIOPYTHON.format("own.gbff", "genbank"),
        ".embl": _BIOPYTHON.format("own.embl", "embl"),
        ".nex": _BIOPYTHON.format("own.nex", "nexus"),
        ".aln": _BIOPYTHON.format("own.aln", "clustal"),
        ".2bit": "With UCSC's tools: twoBitToFa own.2bit own.fa -seq=chr1 -start=1000 -end=3000.",
        ".bam": "With samtools: samtools fasta own.bam > own.fa.",
        ".cram": "With samtools: samtools fasta own.cram > own.fa.",
        ".sam": "With samtools: samtools fasta own.sam > own.fa.",
        ".vcf": "With bcftools: bcftools consensus -f genome.fa own.vcf.gz > own.fa.",
        ".bed": "With bedtools: bedtools getfasta -fi genome.fa -bed own.bed > own.fa.",
    },
}


def refusal(what: str, suffix: str, accepted: Sequence[str]) -> Problem:
    """The refusal of a file by its name, with the way to convert it where one is known.

    Parameters
    ----------
    what : str
        "A table", "Time series" or "DNA".
    suffix : str
        Of the file, in lower case, with its dot.
    accepted : sequence of str

    Examples
    --------
    >>> str(refusal("A table", ".docx", [".csv", ".xlsx"])).split(". ")[0]
    'Files named .docx are not read here'
    >>> str(refusal("A table", ".own", [".csv", ".xlsx"]))
    'A table is read from files named .csv, .xlsx. Save yours as one of these.'
    """
    way = _OF_KIND[what].get(suffix) or _ALL.get(suffix)
    if way is not None:
        return Problem(f"Files named {suffix} are not read here. {way} Upload that.")
    verb = "are" if what == "Time series" else "is"
    return Problem(
        f"{what} {verb} read from files named {', '.join(accepted)}. Save yours as one of these."
    )
