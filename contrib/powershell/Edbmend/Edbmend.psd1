@{
    RootModule        = 'Edbmend.psm1'
    ModuleVersion     = '0.1.0'
    GUID              = '6f1c1d0e-5a0b-4b0e-9d0c-3b8f0a6d2a57'
    Author            = 'the edbmend authors'
    Copyright         = 'MIT License'
    Description       = 'Checks and repairs the headers of dismounted ESE / Exchange databases with edbmend.'
    PowerShellVersion = '5.1'
    FunctionsToExport = @('Get-EdbHeader', 'Test-EdbGroup', 'Repair-EdbHeader', 'Undo-EdbOperation')
    CmdletsToExport   = @()
    VariablesToExport = @()
    AliasesToExport   = @()
    PrivateData       = @{ PSData = @{ Tags = @('Exchange', 'ESE', 'Database', 'Recovery') } }
}
